"""What people type and read at a terminal: values parsed, screens drawn, errors told in their language."""
