"""The paper's Table 2: all rows trained alike, evaluated, and laid side by side."""
