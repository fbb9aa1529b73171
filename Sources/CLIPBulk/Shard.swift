package import CLIPFiles

/// A part of the work that gets output of its own.
package struct Shard: Sendable {
    package enum Content: Sendable {
        /// A tar archive with samples.
        case archive(path: String)
        /// Picture files, in the order that they are written in.
        case files([ListedFile])
    }

    /// What its files are called, without their ends.
    package let name: String
    package let content: Content
    /// What its archive looked like when it was opened; nil before.
    var look: ArchiveLook?

    /// An archive, whose output is called as it is.
    package init(archive path: String) {
        let file =
            path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) }
            ?? path
        let stem = file.lowercased().hasSuffix(".tar") ? String(file.dropLast(4)) : file
        name = stem.isEmpty ? file : stem
        content = .archive(path: path)
    }

    /// A piece of a list of files, which is called by its number.
    package init(_ files: [ListedFile], number: Int) {
        let digits = String(number)
        name = String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
        content = .files(files)
    }

    /// Archives as shards.
    ///
    /// - Throws: `sameOutput` where two are called the same, or a file of one as a file of the other.
    package static func archives(_ paths: [String]) throws(OutputError) -> [Shard] {
        let shards = paths.map { Shard(archive: $0) }
        var places: [[UInt8]: Int] = [:]
        for (index, shard) in shards.enumerated() {
            if let first = places.updateValue(index, forKey: Array(shard.name.utf8)) {
                throw .sameOutput(name: shard.name, first: paths[first], second: paths[index])
            }
        }
        for (index, shard) in shards.enumerated() {
            for (name, file) in ShardNames.neighbours(of: shard.name) {
                guard let other = places[Array(name.utf8)] else { continue }
                throw .sameOutput(
                    name: file,
                    first: paths[min(index, other)],
                    second: paths[max(index, other)]
                )
            }
        }
        return shards
    }

    /// Whether it has a file or folder of which nobody knows what is there, so that it cannot be finished.
    package var isFaulty: Bool {
        if case .files(let files) = content { files.contains { $0.fault != nil } } else { false }
    }

    /// What the source looks like, so that another is known.
    var source: Source {
        switch content {
        case .archive(let path):
            .archive(
                name: path.utf8.lastIndex(of: UInt8(ascii: "/")).map {
                    String(path[path.utf8.index(after: $0)...])
                }
                    ?? path,
                look: look ?? ArchiveLook(at: path)
            )
        case .files(let files):
            .files(
                count: files.count,
                digest: files.reduce(into: NameDigest()) { $0.add(FileName.bytes(of: $1.path)) }.text
            )
        }
    }

    enum Source: Equatable {
        /// The look is nil where there is none, as of a pipe, or the archive is not there.
        case archive(name: String, look: ArchiveLook?)
        case files(count: Int, digest: String)
    }
}

/// A file that was found or named.
package struct ListedFile: Equatable, Sendable {
    package let path: String
    /// Why it cannot be read, in a sentence; nil as far as that is known.
    package let trouble: String?
    /// Why nobody knows what is at this path or below it; nil where that is known.
    package let fault: ShardFault?
    package let bytes: Int

    package init(path: String, bytes: Int, trouble: String? = nil) {
        (self.path, self.bytes, self.trouble, fault) = (path, bytes, trouble, nil)
    }

    /// A file or folder that cannot be looked at.
    package init(unreadable path: String, cause: SystemCause) {
        (self.path, bytes) = (path, 0)
        fault = ShardFault(cause)
        trouble = fault == nil ? "It cannot be read: \(cause)." : nil
    }
}

/// Which shards one of several processes takes.
package struct ShardSelection: Equatable, Sendable {
    private let index: Int
    private let count: Int

    /// All of them.
    package init() { (index, count) = (0, 1) }

    /// - Parameter text: `I/N`, of which I is from 0 to N - 1; nil if it is something else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let index = Int(parts[0]), let count = Int(parts[1]), index < count
        else { return nil }
        (self.index, self.count) = (index, count)
    }

    /// Whether it takes the shard of this number: every one whose number leaves I when divided by N.
    package func takes(_ number: Int) -> Bool { number % count == index }
}
