"""Speed and memory as ratios, side by side in one run: `./fourgate bench [names] [--scale 0.01]`."""
