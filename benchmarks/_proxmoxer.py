"""The peer: read the configuration of every VM with proxmoxer, the Python client that most people use."""

from __future__ import annotations

import os
from urllib.parse import urlsplit


def main() -> None:
    from proxmoxer import ProxmoxAPI  # type: ignore[import-untyped]

    at = urlsplit(os.environ["PROXMOX_ENDPOINTS"])
    user, _, token = os.environ["PROXMOX_TOKEN_ID"].partition("!")
    secret = os.environ["PROXMOX_TOKEN_SECRET"]
    pve = ProxmoxAPI(at.hostname, port=at.port, user=user, token_name=token, token_value=secret, verify_ssl=False)
    for row in pve.cluster.resources.get():
        if row["type"] == "qemu":
            pve.nodes(row["node"]).qemu(row["vmid"]).config.get()


if __name__ == "__main__":
    main()
