"""What the terminal keeps in mind: places, completion, paging."""
