"""What the offline HTML pages share: templates, axes, pictures, and the fitting of texts into a budget."""
