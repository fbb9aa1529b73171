/// What a search for duplicates reads of an index, wherever that is.
///
/// Its calls hold their thread.
package protocol DuplicateSource {
    /// The vectors as they are now, and those of their rows that files of a scope have.
    func vectors(in scope: IndexFile.Scope) throws(IndexError) -> (set: VectorSet, rows: [Int])

    /// The low bytes of a vector of these; nil where its content was forgotten meanwhile.
    func low(ofContent content: Int) throws(IndexError) -> [Int8]?

    /// The next contents that several files of a scope have, ascending; none at the end.
    ///
    /// - Parameter content: they come after this one.
    func contentsOfSeveralFiles(
        in scope: IndexFile.Scope,
        after content: Int
    ) throws(IndexError) -> [Int]

    /// The bytes of a content; nil where it was forgotten meanwhile.
    func byteCount(ofContent content: Int) throws(IndexError) -> Int?

    /// A content's files within a scope as they looked when they were indexed, in the order of their paths.
    func files(
        ofContent content: Int,
        in scope: IndexFile.Scope
    ) throws(IndexError) -> [(path: String, look: IndexFile.Look)]

    /// What contents are hashed with.
    var hashKey: IndexHashKey { get }

    /// The content whose bytes have this hash; nil where there is none.
    func content(ofHash hash: [UInt8]) throws(IndexError) -> Int?
}

extension IndexFile: DuplicateSource {
    package func vectors(in scope: Scope) throws(IndexError) -> (set: VectorSet, rows: [Int]) {
        var set = VectorSet(code: code)
        try load(into: &set)
        let isWanted = try rows(in: scope, of: set)
        return (set, isWanted.indices.filter { isWanted[$0] })
    }
}
