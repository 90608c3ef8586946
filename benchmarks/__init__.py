"""What it costs: figures against the peers that people would otherwise run. See README.md."""
