"""Data shipped with the package; see NOTICE.md here for licences and attribution."""
