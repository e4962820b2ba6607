"""A PVE cluster without hardware: an HTTPS server that answers the API as Proxmox VE does.

Start it by `python -m proxmox_mpc.simulator`, or in a test by `async with Simulator() as sim:`. Only the API facts
(data) are shared with the rest of the project, so that this package can judge the client.

- `answers/`: what the API answers, one file per area. A new endpoint goes there.
- `state/`: what a cluster remembers.
- `formats/`: PVE's named formats and their complaints.
- `daemons/`: what the cluster does by itself: schedules, HA, guests that start with their node.
- `consoles/`: displays and terminals; `machines/`: guests that QEMU really runs.
- `presets/`: the clusters that it can start as.
- files with an underscore: the machinery that every request passes.
"""

from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._simulator import Simulator
from proxmox_mpc.simulator.machines.host import Qemu
from proxmox_mpc.simulator.state.clock import SteppedClock

__all__ = ["ApiError", "Qemu", "Simulator", "SteppedClock"]
