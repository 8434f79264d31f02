from collections.abc import Container, Mapping, Sequence
from typing import Protocol, final

from variantsel.formats.properties import Variants
from variantsel.ranking.supported_ranks import Supported as SupportedProperties

@final
class Supported: ...

@final
class Document:
    @property
    def head(self) -> bytes: ...
    @property
    def namespaces(self) -> tuple[str, ...]: ...
    def order(self, supported: Supported, /) -> list[str]: ...
    def rejected(self, supported: Supported, /) -> list[tuple[str, str, str]]: ...
    def properties(self, label: str, /) -> dict[str, dict[str, tuple[str, ...]]]: ...

class Ask(Protocol):
    def __call__(
        self,
        namespace: str,
        requires: tuple[str, ...],
        plugin_api: str | None,
        builtin: str | None,
        enable_if: str | None,
        optional: bool,
        /,
    ) -> Mapping[str, Sequence[str]] | None: ...

def compile_head(
    head: bytes,
    used: tuple[str, ...],
    ask: Ask,
    enabled: Container[str],
    stated: Container[str] = (),
    /,
) -> Supported | None: ...
def compile_supported(supported: SupportedProperties, /) -> Supported: ...
def order_variants(
    variants: Variants, supported: SupportedProperties
) -> tuple[list[str], list[tuple[str, str, str]]]: ...
def read_document(document: bytes, like: Document | None = None, /) -> Document | None: ...
