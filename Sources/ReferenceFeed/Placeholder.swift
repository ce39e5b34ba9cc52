// ReferenceFeed
