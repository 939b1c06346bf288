"""RLTN: the whole network (section 2.1 and figure 2 of the paper)."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from rltn_cli.model_config import ModelConfig
from rltn_cli.models.alignment import MFAM
from rltn_cli.models.correspondence import best_match, from_patches, normalize, to_patches, warp
from rltn_cli.models.encoders import ContentEncoder, StyleEncoder
from rltn_cli.models.generator import Generator
from rltn_cli.models.painted import Painted, ReferenceTokens
from rltn_cli.models.region_match import RegionMatch, favoured
from rltn_cli.models.region_slots import RegionSlots, describe_colors, describe_regions
from rltn_cli.models.regions import RegionPooling
from rltn_cli.models.windows import Grid, Windows, find_windows
from rltn_cli.sizes import PATCH, SIDE_FULL_MATCH, SIDE_MINIMUM, SIDE_MULTIPLE


@dataclass(frozen=True, slots=True)
class RLTNOutput(Painted):
    """What one forward pass gives."""

    warped: Tensor
    """(B, 3, H, W) in [-1, 1], the reference's colours at the sketch's places."""
    content: Tensor
    """(B, H / 4 * W / 4, d) content features of the sketch, centred and of unit length, float32."""
    tokens: ReferenceTokens
    """The references that were matched."""
    more: Tensor | None = None
    """(B, H / 4 * W / 4, K) the tokens' further values at the sketch's places."""
    windows: Windows | None = None
    """What each part of a large sketch was matched with; None for all of the references."""
    favour: Tensor | None = None
    """(B, H / 4 * W / 4, K) how much more each place looks at each colour than by its features alone."""

    def bring(self, values: Tensor, temperature: float) -> Tensor:
        """Return values (B, M, v) of the references' tokens at the sketch's places, (B, H / 4 * W / 4, v)."""
        queries, tokens = favoured(self.content, self.tokens, self.favour, temperature)
        return bring(queries, tokens, self.windows, values, temperature)


class RLTN(nn.Module):
    """Reference-based Line art Translation Network."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        widths, d = config.encoder_widths, config.correspondence_width
        hidden, layers = config.encoder_hidden, config.context_layers
        self.content_encoder = ContentEncoder(widths, hidden, layers)
        self.style_encoder = StyleEncoder(widths, hidden, layers)

        def mfam() -> MFAM:
            return MFAM(
                widths[2:],
                d,
                config.reduction,
                aggregation=config.aggregation,
                refinement=config.refinement,
            )

        self.content_mfam, self.style_mfam = mfam(), mfam()
        self.region_pooling = RegionPooling(d) if config.region_pooling else None
        self.region_match = RegionMatch(d, widths[-1], config.region_match) if config.region_match else None
        self.generator = Generator(config.generator_widths, config.generator_hidden, d)

    def forward(
        self, sketch: Tensor, references: Sequence[Tensor], labels: Tensor | None = None
    ) -> RLTNOutput:
        """Paint sketches in the colours of references.

        Args:
            sketch: (B, 1, H, W) in [-1, 1], lines -1 and paper 1; H and W multiples of 16, at least 64.
            references: one or several pictures per sketch, each (B, 3, H', W') in [-1, 1]; their sizes may
                differ under the same rule.
            labels: see `colorize`.

        Raises:
            ValueError: a size that breaks the rule, no reference, or missing labels.
        """
        return self.colorize(sketch, self.encode_references(references), labels)

    def encode_references(self, references: Sequence[Tensor]) -> ReferenceTokens:
        """Encode references once, for any number of sketches; arguments and errors as in `forward`."""
        if not references:
            raise ValueError("at least one reference is needed")
        for reference in references:
            _check_size("reference", reference)
        levels = [self.style_encoder(reference) for reference in references]
        return ReferenceTokens(
            style=torch.cat([normalize(self.style_mfam(level)) for level in levels], dim=1),
            patches=torch.cat([to_patches(r) for r in references], dim=1),
            grids=tuple(Grid(r.shape[2] // PATCH, r.shape[3] // PATCH) for r in references),
            context=None
            if self.region_match is None
            else torch.cat([at_tokens(level[-1]) for level in levels], dim=1),
        )

    def with_colors(self, tokens: ReferenceTokens, shares: Tensor, lab: Tensor) -> ReferenceTokens:
        """Return the tokens of references with the colours of their palette, for regions to be matched by.

        Args:
            tokens: of `encode_references`, a batch of one.
            shares: (1, M, K), how much of each token is of each colour.
            lab: (K, 3), the colours in CIE Lab.
        """
        colors = None
        if self.region_match is not None and tokens.context is not None:
            colors = describe_colors(tokens, tokens.context, shares, lab)
        return replace(tokens, more=shares, colors=colors, context=None)

    def content_features(self, sketch: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the content features of sketches; arguments as in `colorize`.

        Returns:
            (features that are matched, encoder's features at stride 16): (B, d, H / 4, W / 4) and
            (B, C, H / 16, W / 16).
        """
        levels = self.content_encoder(sketch)
        content: Tensor = self.content_mfam(levels)
        if self.region_pooling is None:
            return content, levels[-1]
        if labels is None:
            raise ValueError("this network pools regions: it needs the labels of the sketch's tokens")
        return self.region_pooling(content, labels), levels[-1]

    def colorize(self, sketch: Tensor, tokens: ReferenceTokens, labels: Tensor | None = None) -> RLTNOutput:
        """Paint sketches by encoded references; those of a batch of one are used for all sketches.

        Args:
            sketch: (B, 1, H, W) in [-1, 1], as in `forward`.
            tokens: of `encode_references`.
            labels: (B, H / 4, W / 4) int64, the region between lines of each token, from 1, and 0 for line;
                needed if the network pools regions, otherwise ignored.

        Raises:
            ValueError: a size that breaks the rule, or missing labels.
        """
        _check_size("sketch", sketch)
        height, width = sketch.shape[2:]
        content, context = self.content_features(sketch, labels)
        queries = normalize(content)
        tokens = tokens.expand(len(sketch))
        values, depth, temperature = tokens.patches, tokens.patches.shape[2], self.config.temperature
        if tokens.more is not None:
            values = torch.cat([values, tokens.more.to(values.dtype)], dim=2)
        with torch.autocast(sketch.device.type, enabled=False) if tokens.more is not None else nullcontext():
            # votes decide about regions: they are added up in float32, whatever the network computes in
            favour = self._favour(queries, context, labels, tokens)
            looking, keys = favoured(queries, tokens, favour, temperature)
            windows = self._windows(looking, keys, height, width)
            brought = bring(looking, keys, windows, values, temperature)
        warped = from_patches(brought[..., :depth], height, width)
        colors = self.generator(warped, sketch, content)
        more = None if tokens.more is None else brought[..., depth:]
        return RLTNOutput(colors, warped, queries, tokens, more, windows, favour)

    def _favour(
        self, queries: Tensor, context: Tensor, labels: Tensor | None, tokens: ReferenceTokens
    ) -> Tensor | None:
        """Match the regions of sketches with the references' colours; None where that is not possible."""
        if self.region_match is None or labels is None or tokens.more is None or tokens.colors is None:
            return None
        found, deep = [], at_tokens(context)
        for i, regions in enumerate(labels):
            slots, one = RegionSlots.of(regions), tokens.select(i)
            assert one.more is not None and one.colors is not None
            votes = bring(queries[i : i + 1, slots.voters], one, None, one.more, self.config.temperature)[0]
            described = describe_regions(slots, queries[i], deep[i], votes, Grid(*regions.shape))
            found.append(self.region_match.favour(slots, described, one.colors))
        return torch.stack(found)

    def _windows(self, queries: Tensor, tokens: ReferenceTokens, height: int, width: int) -> Windows | None:
        """Return what the parts of large sketches are matched with; None for all."""
        if torch.compiler.is_compiling() or min(height, width) <= SIDE_FULL_MATCH or not tokens.grids:
            return None  # a network that is exported has sizes of any kind
        grid = Grid(height // PATCH, width // PATCH)
        return find_windows(
            queries,
            tokens.style,
            grid,
            tokens.grids,
            self.config.temperature,
            tokens.bias,
            self.config.correspondence_width,
        )

    def confidence(self, output: RLTNOutput) -> Tensor:
        """Return how well the references match each place, (B, 1, H / 4, W / 4), the cosine in [-1, 1].

        It is the cosine between a content feature and the style feature that the warp brings there.
        """
        warped_style = output.bring(output.tokens.style, self.config.temperature)
        cosine = nn.functional.cosine_similarity(output.content, warped_style.to(output.content.dtype), dim=2)
        height, width = output.colors.shape[2:]
        return cosine.reshape(len(cosine), 1, height // PATCH, width // PATCH)

    def matches(self, output: RLTNOutput) -> Tensor:
        """Return the best reference token of each content token, (B, H / 4 * W / 4) int64.

        Tokens are numbered row by row through the first reference, then the second, and so on.
        """
        match = best_match if output.windows is None else output.windows.best_match
        temperature = self.config.temperature
        queries, tokens = favoured(output.content, output.tokens, output.favour, temperature)
        return match(queries, tokens.style, temperature, tokens.bias)


def at_tokens(context: Tensor) -> Tensor:
    """Return features (B, C, H / 16, W / 16) at each token, (B, H / 4 * W / 4, C)."""
    return nn.functional.interpolate(context, scale_factor=PATCH, mode="nearest").flatten(2).transpose(1, 2)


def bring(
    queries: Tensor, tokens: ReferenceTokens, windows: Windows | None, values: Tensor, temperature: float
) -> Tensor:
    """Return values (B, M, v) of references' tokens at a sketch's places; see `RLTNOutput.bring`."""
    match = warp if windows is None else windows.warp
    return match(queries, tokens.style, values, temperature, tokens.bias)


def _check_size(name: str, picture: Tensor) -> None:
    height, width = picture.shape[2:]
    if min(height, width) < SIDE_MINIMUM or height % SIDE_MULTIPLE or width % SIDE_MULTIPLE:
        raise ValueError(
            f"the {name} must be at least {SIDE_MINIMUM} pixels per side and a multiple of {SIDE_MULTIPLE}, "
            f"not {height} x {width}"
        )
