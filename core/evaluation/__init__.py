"""How good a network is and why: metrics, calibration, comparisons with their uncertainty, coach, tours, exports."""
