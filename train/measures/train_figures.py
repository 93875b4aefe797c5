"""What `timbrepad bench train` found, as data and as a table."""

import os

import msgspec
from rich.table import Table


class StageFigures(msgspec.Struct, frozen=True):
    """What one stage of a recipe did.

    Attributes:
        part: "warm start" or "critic".
        stage: The generator's block, counted from 1.
        size: Times and freqs.
        batch: Notes a step.
        notes_per_second: Measured.
        roofline_notes_per_second: If every product ran at the measured peak, or its images went
            through memory at the measured bandwidth, whichever takes longer.
        share_of_roofline: The one over the other.
        gflop_each: Of a note, forwards and backwards, an average over cheap and dear steps.
        gb_each: Of images that must go through memory for a note.
        gpu_busy: Share of the time in which the GPU computed; null on the processor.
    """

    part: str
    stage: int
    size: tuple[int, int]
    batch: int
    notes_per_second: float
    roofline_notes_per_second: float
    share_of_roofline: float
    gflop_each: float
    gb_each: float
    gpu_busy: float | None


class TrainFigures(msgspec.Struct, frozen=True):
    """What a recipe does on this machine, one worker of it.

    Attributes:
        device: What it is.
        recipe: Its name.
        width: Of the networks.
        precision: Of the convolutions.
        threads: Of the one worker, on the processor.
        gemm_gflops: The best of some matrix products, in the same run, in that precision.
        copy_gb_per_second: The best of some copies, read and written.
        data_notes_per_second: WAVs read and made specgrams, on all cores.
        stages: In the order of the run.
    """

    device: str
    recipe: str
    width: str
    precision: str
    threads: int
    gemm_gflops: float
    copy_gb_per_second: float
    data_notes_per_second: float
    stages: tuple[StageFigures, ...]


def figures_table(figures: TrainFigures) -> Table:
    """Lay figures out for people."""
    title = (
        f"{figures.recipe}, {figures.width}, {figures.precision}, one worker on the "
        f"{figures.device}: {figures.gemm_gflops:.0f} GFLOP/s in products, "
        f"{figures.copy_gb_per_second:.0f} GB/s in copies; "
        f"{figures.data_notes_per_second:.0f} notes/s made specgrams on {os.cpu_count()} cores"
    )
    table = Table(title=title)
    for column in ("part", "size", "batch", "notes/s", "roofline", "share", "GFLOP", "GB", "busy"):
        table.add_column(column, justify="left" if column == "part" else "right")
    for stage in figures.stages:
        table.add_row(
            f"{stage.part} {stage.stage}",
            "x".join(map(str, stage.size)),
            str(stage.batch),
            f"{stage.notes_per_second:.1f}",
            f"{stage.roofline_notes_per_second:.1f}",
            f"{stage.share_of_roofline:.0%}",
            f"{stage.gflop_each:.2f}",
            f"{stage.gb_each:.3f}",
            "-" if stage.gpu_busy is None else f"{stage.gpu_busy:.0%}",
        )
    return table
