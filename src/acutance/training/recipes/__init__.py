"""One recipe per published training: values only."""
