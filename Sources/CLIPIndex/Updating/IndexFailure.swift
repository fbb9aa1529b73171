package import CLIPFiles

/// A file that was no picture, as an index keeps it.
package struct IndexFailure: Equatable, Sendable {
    package let path: String
    /// How it looked then.
    package let look: FileLook
    /// Why, in a sentence.
    package let reason: String

    package init(path: String, look: FileLook, reason: String) {
        (self.path, self.look, self.reason) = (path, look, reason)
    }

    /// By bytes: paths that look alike may be different.
    package static func == (one: IndexFailure, other: IndexFailure) -> Bool {
        one.path.utf8.elementsEqual(other.path.utf8) && one.look == other.look && one.reason == other.reason
    }

    /// How many an index tells at once.
    static let atOnce = 1000

    /// What the paths below a folder are from and to, in the order of bytes.
    static func range(below folder: String?) -> (start: [UInt8], end: [UInt8]) {
        folder.map(FileName.range) ?? ([], [0xFF])
    }
}

extension IndexLocation {
    /// Goes through the files that were no pictures, in the order of their paths as bytes, on the calling thread.
    ///
    /// - Parameters:
    ///   - folder: those below it; nil for all.
    ///   - tell: gets each, and says whether to go on.
    package func failures(
        below folder: String? = nil,
        _ tell: (IndexFailure) -> Bool
    ) throws(IndexError) {
        switch self {
        case .file(let path):
            let file = try IndexFile.open(path)
            try Self.goThrough(tell) { (last) throws(IndexError) in
                try file.failures(below: folder, after: last)
            }
        case .database(let address):
            let session = PostgresSession(address) { try PostgresSchema.setUp($0, address) }
            _ = try session.performNow { try PostgresSchema.open($0, address) }
            try Self.goThrough(tell) { (last) throws(IndexError) in
                try session.performNow { try PostgresFailures.read(below: folder, after: last, $0) }
            }
        }
    }

    private static func goThrough(
        _ tell: (IndexFailure) -> Bool,
        next: (IndexFailure?) throws(IndexError) -> [IndexFailure]
    ) throws(IndexError) {
        var last: IndexFailure?
        while true {
            let failures = try next(last)
            guard let end = failures.last else { return }
            last = end
            for failure in failures where !tell(failure) { return }
        }
    }
}

extension IndexStore {
    /// Forgets the failures of files that are gone; those stay whose disk may be away.
    ///
    /// - Returns: how many.
    package func pruneFailures() async throws(IndexError) -> Int {
        var (count, last) = (0, IndexFailure?.none)
        while true {
            let failures = try await failures(below: nil, after: last)
            guard let end = failures.last else { return count }
            last = end
            let gone = failures.filter { FileLook.isGone($0.path) }
            if !gone.isEmpty { count += try await forget(gone) }
        }
    }
}
