"""Passwords: hashes of them, ones that are derived, and text that is encrypted with one."""

from __future__ import annotations

import base64
import hashlib
import hmac

from proxmox_mpc.charts.functions.checksums import base64_decoded
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.go_types import go_bytes, go_text
from proxmox_mpc.charts.language.state import State

PASSWORDS = Functions()

# bcrypt hashes no more; Go refuses what is longer instead of cutting it off.
_LONGEST_BCRYPT = 72
_BCRYPT_ROUNDS = 10
_AES_KEY, _AES_BLOCK = 32, 16


@PASSWORDS.function("bcrypt", takes="string")
def bcrypt(password: str) -> str:
    raw = go_bytes(password)
    if len(raw) > _LONGEST_BCRYPT:
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    import bcrypt as library

    return library.hashpw(raw, library.gensalt(_BCRYPT_ROUNDS, b"2a")).decode()


@PASSWORDS.function("htpasswd", takes="string, string")
def htpasswd(user: str, password: str) -> str:
    return f"invalid username: {user}" if ":" in user else f"{user}:{bcrypt(password)}"


@PASSWORDS.function("encryptAES", takes="string, string", state=True)
def encrypt_aes(state: State, password: str, text: str) -> str:
    if not text:
        return ""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    raw = go_bytes(text)
    padding = _AES_BLOCK - len(raw) % _AES_BLOCK
    start = state.environment.random.randbytes(_AES_BLOCK)
    encryptor = Cipher(AES256(_key(password)), CBC(start)).encryptor()
    encrypted = encryptor.update(raw + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(start + encrypted).decode()


@PASSWORDS.function("decryptAES", takes="string, string")
def decrypt_aes(password: str, encrypted: str) -> str:
    if not encrypted:
        return ""
    raw = base64_decoded(encrypted)
    if isinstance(raw, str):
        raise GoError(raw)
    if len(raw) < _AES_BLOCK:
        raise GoError(f"runtime error: slice bounds out of range [:{_AES_BLOCK}] with capacity {_capacity(encrypted)}")
    if len(raw) % _AES_BLOCK:
        raise GoError("crypto/cipher: input not full blocks")
    if len(raw) == _AES_BLOCK:
        raise GoError("runtime error: index out of range [-1]")
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    decryptor = Cipher(AES256(_key(password)), CBC(raw[:_AES_BLOCK])).decryptor()
    text = decryptor.update(raw[_AES_BLOCK:]) + decryptor.finalize()
    length = len(text) - text[-1]
    if length < 0:
        raise GoError(f"runtime error: slice bounds out of range [:{length}]")
    return go_text(text[:length])


def _capacity(encoded: str) -> int:
    """The room that Go's decoder takes for a text: three bytes for every four letters."""
    return len(go_bytes(encoded)) // 4 * 3


def _key(password: str) -> bytes:
    return go_bytes(password)[:_AES_KEY].ljust(_AES_KEY, b"\0")


# The Master Password algorithm, version 3: what its templates' letters stand for.
_LETTERS = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
}
_TEMPLATES = {
    "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    "long": (
        "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv "
        "CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv "
        "CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"
    ),
    "medium": "CvcnoCvc CvcCvcno",
    "short": "Cvcn",
    "basic": "aaanaaan aannaaan aaannaaa",
    "pin": "nnnn",
}
_SCOPE = b"com.lyndir.masterpassword"
_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_PARALLEL, _SCRYPT_LENGTH = 32_768, 8, 2, 64
_SCRYPT_MEMORY = 64 * 1024 * 1024


@PASSWORDS.function("derivePassword", takes="uint32, string, string, string, string")
def derive_password(counter: int, kind: str, password: str, user: str, site: str) -> str:
    """The password of a user for a site, always the same for one master password (by the Master Password algorithm)."""
    if kind not in _TEMPLATES:
        return f"cannot find password template {kind}"
    name, place = go_bytes(user), go_bytes(site)
    key = hashlib.scrypt(
        go_bytes(password),
        salt=_SCOPE + len(name).to_bytes(4, "big") + name,
        n=_SCRYPT_COST,
        r=_SCRYPT_BLOCK,
        p=_SCRYPT_PARALLEL,
        dklen=_SCRYPT_LENGTH,
        maxmem=_SCRYPT_MEMORY,
    )
    message = _SCOPE + len(place).to_bytes(4, "big") + place + (counter & 0xFFFFFFFF).to_bytes(4, "big")
    seed = hmac.new(key, message, hashlib.sha256).digest()
    templates = _TEMPLATES[kind].split()
    template = templates[seed[0] % len(templates)]
    alphabets = [_LETTERS[letter] for letter in template]
    return "".join(alphabet[byte % len(alphabet)] for alphabet, byte in zip(alphabets, seed[1:], strict=False))
