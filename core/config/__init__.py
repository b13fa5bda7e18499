"""What a run is asked to do: knobs with their ranges, layers as text, recipes and learning-rate schedules."""
