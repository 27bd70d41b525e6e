"""The sheets of a site as people write them: columns, cells, faults, and the workbook."""
