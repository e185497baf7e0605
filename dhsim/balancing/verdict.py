"""Whether the work may stop, cannot be judged yet, or has to go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dhsim.balancing.flags import listed
from dhsim.balancing.posterior import LEVEL, Posterior

STOP, IN_PART, MORE_DATA, CANNOT_TELL, GO_ON = "stop", "stop in part", "more data", "cannot tell", "go on"
_HEADS_OFF = "take the thermostatic heads off or open them fully, and read anew"
_PER_CENT = 100.0


@dataclass(frozen=True)
class Verdict:
    """Whether the work may stop."""

    proxy_rel: float
    """L over the square of theta, of the most likely values."""
    stop_proxy_rel: float
    probability_rel: float
    """Share of the draws below the threshold. Uncertainty alone lifts draws, so that it errs on the side of work."""
    word: str
    """stop, stop in part, more data, cannot tell, or go on"""
    text: str
    identified: int
    """Flats that the readings tell something of; the others were assumed."""
    flats: int

    @property
    def may_stop(self) -> bool:
        """Whether nothing speaks for another front."""
        return self.word in (STOP, IN_PART)


def verdict(whole: Posterior, stop_proxy_rel: float) -> Verdict:
    """Return whether balancing may stop: the proxy against its threshold.

    ``L / |theta|^2 = sin^2 phi``

    Parameters
    ----------
    whole
        Of all flats, those without a fit assumed and flagged as such (`completed`).
    stop_proxy_rel
        Threshold [-].

    Returns
    -------
    Verdict
        "stop" where the most likely proxy and the credible interval lie below and every flat was identified; "stop in
        part" where flats were assumed; "more data" where the interval reaches beyond the threshold, or the proxy lies
        above it, but no further than what the uncertainty of single zones adds to an angle; "cannot tell" in place of
        these where thermostatic heads throttle, which make flats look better balanced than they are; "go on" otherwise.
    """
    angle, noise = whole.angle_rad(), whole.angle_noise_rad()
    high = whole.angle_interval_rad()[1]
    proxy = float(np.sin(angle) ** 2)
    below = float(np.mean(np.sin(whole.angle_samples_rad()) ** 2 <= stop_proxy_rel))
    threshold = float(np.arcsin(np.sqrt(stop_proxy_rel)))
    assumed, throttled = (
        list(dict.fromkeys(flag.zone for flag in whole.flags if flag.kind == kind and flag.zone))
        for kind in ("assumed", "trv")
    )
    known = len(whole.zone_ids) - len(assumed)
    over = f", {known} of {len(whole.zone_ids)} flats identified" + (", the others assumed" if assumed else "")
    shown = f"phi = {angle:.3f} (L/|theta|² = {proxy:.4f}, threshold {stop_proxy_rel:g}{over})"
    mend = f"; mend the sensors of {listed(assumed)}" if assumed else ""
    if throttled and proxy <= stop_proxy_rel:
        word = CANNOT_TELL
        text = f"thermostatic heads throttle {listed(throttled)}, which makes flats look better balanced than they are"
        text += f": {_HEADS_OFF}{mend}"
    elif proxy <= stop_proxy_rel and np.sin(high) ** 2 > stop_proxy_rel:
        word = MORE_DATA
        text = f"below the threshold, but the {_PER_CENT * LEVEL:g} % interval reaches {high:.3f}: a longer period or "
        text += f"an excitation would tell{mend}"
    elif proxy <= stop_proxy_rel and assumed:
        word = IN_PART
        text = f"the flows fit the flats that were identified; nothing is known of {listed(assumed)}{mend}"
    elif proxy <= stop_proxy_rel:
        word, text = STOP, "the flows fit the flats, the work may stop, if thermostatic heads were off or fully open"
    elif angle - threshold <= noise and noise > threshold:
        word = CANNOT_TELL if throttled else MORE_DATA
        text = f"above the threshold by less than the fit's uncertainty ({noise:.3f}): more data, or excite{mend}"
        text += f"; heads throttle {listed(throttled)}: {_HEADS_OFF}" if throttled else ""
    else:
        word, text = GO_ON, "above the threshold"
        text += f"; but first: heads throttle {listed(throttled)}: {_HEADS_OFF}" if throttled else ""
    return Verdict(proxy, stop_proxy_rel, below, word, f"{shown}: {text}", known, len(whole.zone_ids))
