"""Uploads of files to a storage."""

from __future__ import annotations

import hashlib

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.storage import _files


@answers("POST", "/nodes/{node}/storage/{storage}/upload")
def upload(call: Call) -> str:
    if call.upload is None:
        refuse(filename="property is missing and it is not optional")
    cluster, sent = call.cluster, call.upload
    place = _files.place(call, call.text("content"), sent.filename)
    source = f"/var/tmp/pveupload-{cluster.random.getrandbits(128):032x}"  # noqa: S108 as the log shows it

    async def work(work: _tasks.Work) -> None:
        work.log(f"starting file import from: {source}")
        if "checksum" in call.params:
            got = hashlib.new(call.text("checksum-algorithm"), sent.body, usedforsecurity=False).hexdigest()
            if got.lower() != call.text("checksum").lower():
                work.log("calculating checksum...")
                die(f"checksum mismatch: got '{got}' != expect '{call.text('checksum')}'")
            work.log("calculating checksum...OK, checksum verified")
        if place.name.endswith(".ova") and b"ustar" not in sent.body[:1024]:
            work.log(
                "tar: This does not look like a tar archive", "tar: Exiting with failure status due to previous errors"
            )
            die(f"command 'tar -t -f {source}' failed: exit code 2")
        await work.takes(sent.size / 100e6)
        work.log(
            f"target node: {place.node}",
            f"target file: {place.path}",
            f"file size is: {sent.size}",
            f"command: cp -- {source} {place.path}",
            "finished file import successfully",
        )
        await _files.store(cluster, place, sent.size, sent.body[:64], sent.body)

    return call.fork("imgcopy", "", work)
