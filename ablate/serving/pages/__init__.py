"""The pages, one module each: it declares its `ROUTES`, and as `NAV` its place in the navigation where it has one."""
