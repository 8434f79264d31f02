"""Indexes shaped like today's: one like PyPI, one with a page for each label, of stub wheels."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.index_server import Index, ServedFolder, serve, serve_folder
from support.wheels import write_wheel

PYTHON_TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
LINUX = f"manylinux_2_28_{platform.machine()}"


def binary_tag(platform_tag: str = LINUX) -> str:
    """The tag of a wheel that was compiled for the Python that runs."""
    return f"{PYTHON_TAG}-{PYTHON_TAG}-{platform_tag}"


@dataclass
class BridgedWorld:
    """A default index, and a family's with a page for each label.

    :ivar default: what stands for PyPI.
    :ivar labels: the folder of the other, ``LABEL/PROJECT/WHEEL``.
    :ivar served: the other, while it is served.
    """

    default: Index
    labels: Path
    served: ServedFolder | None = None

    def publish(
        self,
        name: str,
        version: str,
        *,
        label: str = "",
        requires: Sequence[str] = (),
        extras: Sequence[str] = (),
        tag: str = "",
        local: bool = True,
    ) -> None:
        """Put a wheel on the page of a label, or on the default index where there is none.

        :param local: whether the label is its local version.
        """
        project = name.replace("_", "-").lower()
        folder = self.labels / label / project if label else self.default.folder / project
        full = f"{version}+{label}" if label and local else version
        module = f"VERSION = {full!r}\nBUILD = {label or 'default'!r}\n"
        write_wheel(
            folder,
            name,
            full,
            tag=tag or binary_tag(),
            requires=requires,
            extras=extras,
            module=module,
        )

    @contextmanager
    def running(self) -> Iterator[BridgedWorld]:
        """Serve both until the block ends."""
        with serve(self.default), serve_folder(self.labels) as self.served:
            yield self

    def variables(self, **more: str) -> Mapping[str, str]:
        """The environment variables that point pip at the default index."""
        return {"PIP_INDEX_URL": self.default.url, **more}


def bridged_world(folder: Path) -> BridgedWorld:
    """An empty one in a folder."""
    default, labels = folder / "default", folder / "labels"
    default.mkdir(parents=True)
    labels.mkdir()
    return BridgedWorld(Index(default), labels)


def set_base(home: Path, **bases: str) -> None:
    """Write a user's configuration file that has mirrors of bridges' indexes."""
    path = home / ".config" / "variantsel" / "variantsel.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'[bridges.{name}]\nbase = "{base}"\n' for name, base in bases.items()))
