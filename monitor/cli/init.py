"""`lead-sla init`: writes what a new installation begins with."""

from importlib.resources import files
from pathlib import Path

from monitor.cli.failure import BAD_INPUT, Failure

EXAMPLES = ("agreement.yaml", "lead-sla.env")


def write_examples(folder: Path) -> list[Path]:
    """Write the example files. Raises Failure rather than overwrite one."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / name for name in EXAMPLES]
    for target in targets:
        if target.exists():
            raise Failure(f"{target} is there already; move it away or name another folder", BAD_INPUT)
    for target in targets:
        target.write_bytes(files("monitor.cli").joinpath("examples", target.name).read_bytes())
    return targets
