"""How good a network is and why: metrics, calibration, comparisons with their uncertainty, the coach, and exports."""
