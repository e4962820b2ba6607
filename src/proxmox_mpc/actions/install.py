"""Install a chart as a release."""

from __future__ import annotations

from proxmox_mpc.actions._action import action
from proxmox_mpc.actions._deploying import Deploying, ReleaseResult, deployed, deployment, proposed
from proxmox_mpc.actions._releases import chart_of, render_release, values_of
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._ways_back import or_back
from proxmox_mpc.charts.releases import check_installable, check_name
from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE


class InstallRequest(Deploying):
    """Which chart, as which release, with which values."""


class NameInUse(RefusedError):
    """There is a release or application of this name."""

    code = "release.name-in-use"


@action(
    permission="resources:write",
    route="POST /releases",
    writes=True,
    scope="namespace",
    status=201,
    long=True,
    turn="name",
)
async def install(session: Session, request: InstallRequest) -> ReleaseResult:
    """Install a chart: its manifests become an application's first revision; without an agreed plan only that plan."""
    check_name(request.name)
    chart = chart_of(request.chart)
    check_installable(chart)
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, request.name)
    if history and history[-1].status != "uninstalled":
        hint = f"proxmox-cli upgrade {request.name} CHART, or upgrade --install for both; uninstall removes it"
        raise NameInUse(f"cannot reuse a name that is still in use: {request.name!r}", hint=hint)
    request = request.model_copy(update={"namespace": request.namespace or DEFAULT_NAMESPACE})
    revision = history[-1].number + 1 if history else 1
    made = await render_release(session, chart, values_of(request.values, chart), request, revision=revision)
    one = deployment(request, made, "install")
    if not request.agreed:
        return await proposed(session, one)
    async with or_back(session, request, history):
        return await deployed(session, request, one)
