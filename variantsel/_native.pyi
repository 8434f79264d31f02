from collections.abc import Mapping, Sequence

def order_variants(
    variants: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]],
    supported: Mapping[str, Mapping[str, Sequence[str]]],
    /,
) -> tuple[list[str], list[tuple[str, str, str]]]: ...
