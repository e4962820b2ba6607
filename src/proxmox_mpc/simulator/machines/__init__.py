"""Real guests: QEMU processes, the files that are their disks, and how one talks to them. Used with `--qemu` only.

Nothing here knows PVE's configuration language; `answers/qemu/_hardware.py` turns a configuration into arguments.

- `host`: starts machines, and ends them all with the simulator; `machine`: one of them while it runs
- `qmp`: QEMU's control protocol; `agent`: the guest agent's
- `disks`: volumes as files; `seed`: what cloud-init reads
"""
