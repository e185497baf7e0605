"""The only conversion factors in the package. SI inside, with degC; users see what data sheets print."""

from __future__ import annotations

PA_PER_KPA = 1e3
PA_PER_BAR = 1e5
PA_PER_MPA = 1e6
W_PER_KW = 1e3
W_PER_MW = 1e6
J_PER_KWH = 3.6e6
J_PER_MWH = 3.6e9
J_PER_KJ = 1e3
J_PER_MJ = 1e6
S_PER_MIN = 60.0
S_PER_H = 3600.0
S_PER_DAY = 86400.0
H_PER_DAY = 24.0
M_PER_MM = 1e-3
M3_PER_L = 1e-3
KG_PER_T = 1e3
G_PER_KG = 1e3
KELVIN_AT_0_C = 273.15
