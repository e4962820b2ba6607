"""Run all benchmarks, or those named; the exit code is 1 if a claim does not hold."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import benchmarks


def main() -> int:
    every = [module.name for module in iter_modules(benchmarks.__path__) if not module.name.startswith("_")]
    broken = 0
    for name in sys.argv[1:] or every:
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {' '.join((module.__doc__ or '').split())}")
        for figure in module.measure():
            limit = "" if figure.limit is None else f"< {figure.limit:g}  {'ok' if figure.kept else 'NOT KEPT'}"
            value = f"{figure.value:.0f}" if figure.value == int(figure.value) else f"{figure.value:.3f}"
            print(f"  {figure.what:<64} {value:>9} {figure.unit:<8} {limit}", flush=True)
            broken += not figure.kept
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
