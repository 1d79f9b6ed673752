"""What stands between strangers and the routes: headers, origins, the pace and size of what they send."""
