/// What a search asks of an index, wherever its vectors are.
package protocol SearchableIndex: Sendable {
    /// The model whose vectors it holds.
    var model: IndexedModel { get }

    /// The pictures that fit queries best, compared with every picture of the index as it is now.
    func search(_ queries: [ImageIndex.Query]) async throws(IndexError) -> ImageIndex.Result

    /// The vector of a file, if the index has it as it is; nil otherwise.
    func embedding(ofFile path: String) async throws(IndexError) -> (id: Int, [Float])?

    /// The vector of a picture, by its number; nil where there is no such picture, or none of its files is there.
    func embedding(ofID id: Int) async throws(IndexError) -> [Float]?

    /// The first file of a picture, in the order of their paths, as it looked when it was indexed; nil as above.
    func file(ofID id: Int) async throws(IndexError) -> (path: String, look: IndexFile.Look)?

    /// What contents are hashed with.
    var hashKey: IndexHashKey { get }

    /// The number of the picture whose bytes have this hash; nil where the index has none.
    func id(ofHash hash: [UInt8]) async throws(IndexError) -> Int?

    /// How many queries share a pass over the vectors at most: more make it no cheaper for each of them.
    var mostTogether: Int { get }

    /// How many passes are worth being made at once.
    var passesAtOnce: Int { get }
}

extension SearchableIndex {
    // Of vectors in memory, where each pass has all threads.
    package var mostTogether: Int { 32 }
    package var passesAtOnce: Int { 1 }
}

extension ImageIndex: SearchableIndex {
    package var model: IndexedModel { file.model }
    package var hashKey: IndexHashKey { file.hashKey }

    package func embedding(ofID id: Int) async throws(IndexError) -> [Float]? {
        try await onItsThread { (index) throws(IndexError) in
            guard try index.file.file(ofContent: id) != nil else { return nil }
            return try index.embedding(ofContent: id)
        }
    }

    package func file(ofID id: Int) async throws(IndexError) -> (path: String, look: IndexFile.Look)? {
        try await onItsThread { (index) throws(IndexError) in try index.file.file(ofContent: id) }
    }

    package func id(ofHash hash: [UInt8]) async throws(IndexError) -> Int? {
        try await onItsThread { (index) throws(IndexError) in try index.file.content(ofHash: hash) }
    }
}
