"""Run the tests of a release."""

from __future__ import annotations

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._hooks import HookFailed, HookView, run_hooks
from proxmox_mpc.actions._release_records import made_by_chart, release_content
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.apply import HookText
from proxmox_mpc.errors import NotFoundError


class ReleaseTestRequest(Request):
    """Which release, and which of its tests."""

    name: str = Field(description="The release's name.")
    only: list[str] = Field([], description="Names of tests; all when empty.")
    skip: list[str] = Field([], description="Names of tests that are left out.")


class ReleaseTestResult(Result):
    """How each test ended; `passed` when none failed."""

    name: str
    revision: int
    passed: bool
    tests: list[HookView]


@action(
    permission="resources:write",
    route="POST /releases/{name}/test",
    writes=True,
    scope="namespace",
    long=True,
    turn="name",
)
async def release_test(session: Session, request: ReleaseTestRequest) -> ReleaseTestResult:
    """Run the tests of a release: its chart's hooks for `test`, in their order, until one fails."""
    context, store = await session.context(), await session.store()
    history = await store.applications.history(context.name, request.name)
    if not history:
        raise NotFoundError(f"there is no release {request.name!r}", hint="proxmox-cli list shows the releases")
    last = history[-1]
    content = release_content(await made_by_chart(session, request.name, history))
    hooks = [HookText(**each).hook for each in content.get("hooks", [])]
    chosen = [
        hook for hook in hooks if (not request.only or hook.name in request.only) and hook.name not in request.skip
    ]
    if not any("test" in hook.events for hook in chosen):
        raise NotFoundError(
            f"release {request.name!r} has no such tests",
            hint="a test is a template with the annotation proxmox.io/hook: test",
        )
    told: list[HookView] = []
    try:
        author, namespace = content.get("author", {}), content.get("namespace", "default")
        await run_hooks(session, request.name, namespace, chosen, "test", told, author)
    except HookFailed:
        return ReleaseTestResult(name=request.name, revision=last.number, passed=False, tests=told)
    return ReleaseTestResult(name=request.name, revision=last.number, passed=True, tests=told)
