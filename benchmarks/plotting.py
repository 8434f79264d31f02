"""Plots of scaling questions, as SVG files that are small and the same for the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Plot", "draw"]


@dataclass(frozen=True)
class Plot:
    """A scaling question drawn on two logarithmic axes.

    :ivar lines: ``{name: {size: cost}}``.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    lines: dict[str, dict[float, float]]


def draw(plots: Sequence[Plot], path: Path) -> None:
    """Draw plots side by side.

    :raises ImportError: when matplotlib, of the extra ``bench``, is not installed.
    """
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    # Text stays text, and neither a date nor random ids get in.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "variantsel"})
    figure, all_axes = pyplot.subplots(
        1, len(plots), figsize=(5.5 * len(plots), 4), squeeze=False, layout="constrained"
    )
    for axes, plot in zip(all_axes[0], plots, strict=True):
        for name, line in plot.lines.items():
            axes.plot(list(line), list(line.values()), marker="o", markersize=3, label=name)
        axes.set(
            xscale="log",
            yscale="log",
            title=plot.title,
            xlabel=plot.x_label,
            ylabel=plot.y_label,
        )
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
