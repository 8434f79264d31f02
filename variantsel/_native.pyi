from variantsel.metadata import Variants
from variantsel.reference import Supported

def order_variants(
    variants: Variants, supported: Supported, /
) -> tuple[list[str], list[tuple[str, str, str]]]: ...
