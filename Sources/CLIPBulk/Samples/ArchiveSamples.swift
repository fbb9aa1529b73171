internal import CLIPFiles

/// The samples of an archive: members with one key that lie behind each other, of which each gives one picture.
///
/// That is the first whose whole extension is a picture's, such as `jpg`; if there is none, the first whose extension ends as a
/// picture's does, such as `left.jpg`.
package struct ArchiveSamples {
    private var reader: TarReader
    private let wanted: [UInt8]?
    private let mostBytes: Int
    private var present: Sample?
    /// What has ended the archive, behind the last whole sample.
    private var end: ArchiveError?
    /// Pictures beside those that were taken.
    package private(set) var passedOver = 0

    private struct Sample {
        let key: [UInt8]
        var picture: [UInt8]?
        var fitness = SampleName.Fitness.none
        /// Why a member that should be its picture is none.
        var trouble: String?
    }

    /// - Parameters:
    ///   - wanted: the extension of the pictures; nil for any of a picture.
    ///   - mostBytes: of a picture, at most so many bytes are read, and one more.
    package init(_ reader: TarReader, wanted: String?, mostBytes: Int) {
        self.reader = reader
        self.wanted = wanted.map { FileName.bytes(of: $0.lowercased()) }
        self.mostBytes = mostBytes
    }

    /// The next sample; nil at the end.
    ///
    /// An archive that is damaged gives those before the damage first.
    package mutating func next() throws(ArchiveError) -> BulkItem? {
        if let end { throw end }
        do throws(ArchiveError) {
            while let entry = try reader.next() {
                guard let name = SampleName(entry.name), isMember(entry, name) else { continue }
                if name.key != present?.key {
                    let last = present.take()
                    present = Sample(key: name.key)
                    do throws(ArchiveError) {
                        try add(entry, name)
                    } catch {
                        guard let last else { throw error }
                        (present, end) = (nil, error)
                        return item(last)
                    }
                    if let last { return item(last) }
                } else {
                    try add(entry, name)
                }
            }
        } catch {
            end = error
            // What else the sample has does not matter to its picture, unless that would have been a fitter one.
            guard let last = present.take(), last.fitness == .whole else { throw error }
            return item(last)
        }
        return present.take().map(item)
    }

    /// Whether a member counts: files do, and what should be a picture.
    private func isMember(_ entry: TarReader.Entry, _ name: SampleName) -> Bool {
        switch entry.kind {
        case .file: true
        case .folder: false
        case .other, .sparse: name.fitness(wanted: wanted) > .none
        }
    }

    private mutating func add(_ entry: TarReader.Entry, _ name: SampleName) throws(ArchiveError) {
        let fitness = name.fitness(wanted: wanted)
        guard fitness > .none, var sample = present else { return }
        switch entry.kind {
        case .file:
            if sample.picture != nil { passedOver += 1 }
            guard fitness > sample.fitness else { return }
            let bytes = try reader.content(limit: mostBytes == .max ? .max : mostBytes + 1)
            (sample.picture, sample.fitness) = (bytes, fitness)
        case .sparse:
            sample.trouble =
                "The archive has it as a sparse file, which is not read. Make the archive without sparse files."
        case .other, .folder:
            sample.trouble = "The archive has a link or a device in its place, which is not followed."
        }
        present = sample
    }

    private func item(_ sample: Sample) -> BulkItem {
        let key = FileName.text(of: sample.key)
        if let picture = sample.picture { return .picture(key: key, picture) }
        return .failed(key: key, reason: sample.trouble ?? "The sample has no picture.")
    }
}
