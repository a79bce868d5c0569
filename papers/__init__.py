"""What goes in and out on paper: spreadsheets, notices, forms, registers."""
