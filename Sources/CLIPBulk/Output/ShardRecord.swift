internal import CLIPFiles
internal import CLIPJSON

/// What is written of a shard when all of its files have their names: from what and how they were made, and what is in them.
///
/// It is the same whenever and wherever it is written, but for the last digits of a processor.
package struct ShardRecord: Sendable {
    let settings: OutputSettings
    let source: Shard.Source
    /// Rows that were written.
    package var embedded = 0
    /// Pictures that got none.
    package var failed = 0
    /// Pictures that a sample has beside the one that was taken.
    package var passedOver = 0
    /// Why the archive could not be read to its end.
    package var damage: String?

    static let fileEnd = ".done.json"

    /// So many numbers of the sample tell models apart.
    private static let sampleLength = 64
    private static let sampleScale: Float = 10_000
    /// Processors round in different ways, which costs a bf16 pass some 1e-5; other weights cost far more.
    private static let leastCosine = 0.999
    private static let longestFile = 1 << 20

    init(_ settings: OutputSettings, _ source: Shard.Source) {
        (self.settings, self.source) = (settings, source)
    }

    /// The text of its file.
    var text: String {
        var members: [(String, String)] = []
        func add(_ name: String, _ value: String?) {
            members.append((name, value.map(CLIPFiles.JSONText.string) ?? "null"))
        }
        func add(_ name: String, _ value: Int?) { members.append((name, value.map { "\($0)" } ?? "null")) }
        switch source {
        case .archive(let name, let look):
            add("source", name)
            add("bytes", look?.bytes)
            add("digest", look?.digest)
        case .files(let count, let digest):
            add("files", count)
            add("digest", digest)
        }
        add("model", settings.model)
        add("precision", settings.precision)
        add("width", settings.width)
        members.append(("sample", "[" + coarseSample.map { "\($0)" }.joined(separator: ",") + "]"))
        add("format", settings.format.rawValue)
        add("numbers", settings.numbers.rawValue)
        members.append(("normalized", "\(settings.isNormalized)"))
        add("decode", settings.decoding)
        add("extension", settings.pictureExtension)
        add("embedded", embedded)
        add("failed", failed)
        add("passed_over", passedOver)
        add("damage", damage)
        return "{" + members.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}\n"
    }

    private var coarseSample: [Int] {
        settings.sample.prefix(Self.sampleLength).map {
            Int(($0 * Self.sampleScale).rounded(.toNearestOrEven))
        }
    }

    // MARK: Reading

    /// What a record's file says, against what would be written now.
    enum Finding: Equatable {
        /// The shard is finished.
        case agrees(embedded: Int, failed: Int, damage: String?)
        /// It was made of an archive that was damaged, and is another now, or was put there since.
        case outdated
        case differs(setting: String, written: String, given: String)
        /// The file says something else.
        case foreign
    }

    /// - Parameters:
    ///   - path: of a file that is there.
    ///   - written: when it was, in nanoseconds since 1970.
    func compare(withFileAt path: String, written: Int) throws(OutputError) -> Finding {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileContents.read(path, limit: Self.longestFile)
        } catch {
            guard case .unreadable(_, let cause) = error else { return .foreign }
            throw .unreadable(path: path, cause: "\(cause)")
        }
        guard let object = (try? JSONDocument.read(bytes))?.object,
            let embedded = object["embedded"]?.wholeNumber, let failed = object["failed"]?.wholeNumber,
            let sample = object["sample"]?.elements?.compactMap(\.number)
        else { return .foreign }
        let damage = object["damage"]?.text
        if let difference = difference(from: object, sample: sample) { return difference }
        if let difference = sourceDifference(from: object) { return damage == nil ? difference : .outdated }
        // Where the damage was in the middle, the whole archive has the same size and the same ends.
        if damage != nil, case .archive(_, let look?) = source, look.changed > written { return .outdated }
        return .agrees(embedded: embedded, failed: failed, damage: damage)
    }

    /// The format of the files that a record tells of; nil where there is no record.
    static func format(ofFileAt path: String) -> OutputFormat? {
        guard let bytes = try? FileContents.read(path, limit: longestFile),
            let format = (try? JSONDocument.read(bytes))?.object?["format"]?.text
        else { return nil }
        return OutputFormat(rawValue: format)
    }

    private func difference(from object: JSONObject, sample: [Double]) -> Finding? {
        let settings = settings
        let given: [(name: String, member: String, value: String)] = [
            ("model", "model", settings.model), ("precision", "precision", settings.precision),
            ("width of embeddings", "width", "\(settings.width)"),
            ("format", "format", settings.format.rawValue),
            ("type of numbers", "numbers", settings.numbers.rawValue),
            ("length of embeddings", "normalized", settings.isNormalized ? "one" : "as they are"),
            ("way of decoding", "decode", settings.decoding),
            ("extension of pictures", "extension", settings.pictureExtension ?? "any"),
        ]
        for (name, member, value) in given {
            let written =
                switch object[member] {
                case .boolean(let isTrue): isTrue ? "one" : "as they are"
                case .null: "any"
                case let other: other?.text ?? other?.wholeNumber.map { "\($0)" } ?? "none"
                }
            if !written.utf8.elementsEqual(value.utf8) {
                return .differs(setting: name, written: written.printable, given: value)
            }
        }
        let ours = coarseSample.map(Double.init)
        func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let product = zip(ours, sample).reduce(0) { $0 + $1.0 * $1.1 }
        let isSame =
            ours.count == sample.count
            && product >= Self.leastCosine * length(ours) * length(sample)
        return isSame
            ? nil : .differs(setting: "model of that name", written: "other weights", given: "those of now")
    }

    private func sourceDifference(from object: JSONObject) -> Finding? {
        switch source {
        case .archive(let name, let look):
            let written = object["source"]?.text ?? "a list of files"
            guard written.utf8.elementsEqual(name.utf8) else {
                return .differs(setting: "source", written: written.printable, given: name.printable)
            }
            // An archive that is not there any more has been read.
            guard let look, let then = object["bytes"]?.wholeNumber else { return nil }
            guard then == look.bytes else {
                return .differs(
                    setting: "size of its archive",
                    written: "\(then) bytes",
                    given: "\(look.bytes) bytes"
                )
            }
            // Records of earlier versions have no digest, and are taken at their size.
            guard let digest = object["digest"]?.text, !digest.utf8.elementsEqual(look.digest.utf8) else {
                return nil
            }
            return .differs(
                setting: "content of its archive",
                written: "digest \(digest.printable)",
                given: "digest \(look.digest)"
            )
        case .files(let count, let digest):
            guard let then = object["files"]?.wholeNumber, let written = object["digest"]?.text else {
                return .differs(setting: "source", written: "an archive", given: "a list of files")
            }
            guard then == count, written.utf8.elementsEqual(digest.utf8) else {
                return .differs(
                    setting: "list of files",
                    written: "\(then) files of digest \(written.printable)",
                    given: "\(count) of \(digest)"
                )
            }
            return nil
        }
    }
}
