"""Two runs beside each other: the statistics, and what is said of them."""
