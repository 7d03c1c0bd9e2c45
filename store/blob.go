package store

// Blobs keeps small files and parts of files.
var Blobs = Collection{
	Name:    "blobs",
	Indexes: []Index{{Paths: []string{"owner", "createdAt"}}},
	Queries: map[string]Query{"BlobsOf": BlobsOf("p")},
}

// BlobsOf lists an owner's files, the oldest first. Index: owner, createdAt.
func BlobsOf(owner string) Query { return Where("owner", Eq, owner).Asc("createdAt") }
