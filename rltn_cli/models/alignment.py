"""Feature aggregation: FAM at every level, MFAM over the levels (RLTN, section 2.2)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.models.blocks import CAB, MHFB, PCB, SAB, Conv1x1, conv3x3
from rltn_cli.models.context import FusionRefinement


class FAM(nn.Module):
    """Feature Aggregation Module of one level, equation (3).

    `F_f = concat(MHFB(F_p), PCB(F_p))` and `F_a = Conv(Conv(F_f * W_s * W_c) + F_p)`.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.mhfb = MHFB(channels)
        self.pcb = PCB(channels)
        self.sab = SAB(2 * channels, reduction)
        self.cab = CAB(2 * channels, reduction)
        self.fuse = conv3x3(2 * channels, channels)
        self.out = conv3x3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return F_a (B, C, H, W) of F_p (B, C, H, W)."""
        features = torch.cat([self.mhfb(x), self.pcb(x)], dim=1)
        weighted = features * self.sab(features) * self.cab(features)
        out: Tensor = self.out(self.fuse(weighted) + x)
        return out


class MFAM(nn.Module):
    """Multi-level Feature Aggregation Module: one FAM per level, their outputs resized and fused."""

    def __init__(
        self,
        widths: Sequence[int],
        outputs: int,
        reduction: int,
        *,
        aggregation: bool = True,
        refinement: int = 0,
    ) -> None:
        """Build the module.

        Args:
            widths: channels of the levels, finest first.
            outputs: d, channels of the fused features.
            reduction: r of equation (2).
            aggregation: whether levels have FAMs; without them it is the plain fusion of CoCosNet [6].
            refinement: channels of a nonlinear fusion that is added to the linear one; 0 for none.
        """
        super().__init__()
        self.fams = nn.ModuleList(FAM(w, reduction) if aggregation else nn.Identity() for w in widths)
        self.fuse = Conv1x1(sum(widths), outputs)
        self.refine = FusionRefinement(sum(widths), refinement, outputs) if refinement else None

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Return (B, d, H, W) at the size of the first level.

        Args:
            levels: (B, C_i, H_i, W_i), finest first.
        """
        size = levels[0].shape[2:]
        aggregated = [fam(level) for fam, level in zip(self.fams, levels, strict=True)]
        resized = aggregated[:1] + [
            F.interpolate(a, size=size, mode="bilinear", align_corners=False) for a in aggregated[1:]
        ]
        together = torch.cat(resized, dim=1)
        fused: Tensor = self.fuse(together)
        return fused if self.refine is None else fused + self.refine(together)
