"""Reading and writing of tables: rows of files, matching of paths, whole files."""
