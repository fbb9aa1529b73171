/// Pieces of text in one array of bytes, so that a vocabulary of a million pieces takes only two arrays.
struct PieceList: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Where each piece ends.
    private var ends: [UInt32] = []

    /// The number of pieces.
    var count: Int { ends.count }

    /// Makes room for about `count` pieces.
    mutating func reserve(_ count: Int) {
        ends.reserveCapacity(count)
        bytes.reserveCapacity(count * 8)
    }

    /// Appends a piece in UTF-8; its place is the number of pieces before it.
    ///
    /// All pieces together have to have less than 4 GiB, which the size limits of the files ensure.
    mutating func append(_ piece: some Collection<UInt8>) {
        bytes.append(contentsOf: piece)
        ends.append(UInt32(bytes.count))
    }

    /// The range of a piece's bytes in ``bytes``.
    func range(of place: Int) -> Range<Int> {
        (place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place])
    }

    subscript(place: Int) -> ArraySlice<UInt8> { bytes[range(of: place)] }

    /// A piece as errors show it, shortened because a file's pieces may be of any length.
    func shown(_ place: Int) -> String {
        String(String(decoding: self[place], as: UTF8.self).prefix(64))
    }
}
