internal import CLIPImaging
internal import Glibc

/// Decodes pictures that are changed at random; a number makes the same picture on any machine.
///
/// `pictures FOLDER[,FOLDER] FIRST COUNT [--state FILE] [--write FILE]`: `--state` names a file that holds the present
/// number, in case the process dies; `--write` writes the picture of FIRST instead of decoding.
struct PictureMutations {
    /// The seconds after which the system ends the process, because a decode that takes longer is a finding.
    private static let mostSeconds: UInt32 = 5
    /// The most bytes that a decode may hold, as in a server's budget.
    private static let mostMemory = 512_000_000

    private let arguments: [String]

    init(arguments: [String]) {
        self.arguments = arguments
    }

    func run() {
        guard arguments.count >= 3, let first = UInt64(arguments[1]), let count = UInt64(arguments[2]) else {
            print("usage: clip-fuzz pictures FOLDER[,FOLDER] FIRST COUNT [--state FILE] [--write FILE]")
            exit(64)
        }
        let pictures = arguments[0].split(separator: ",").flatMap { Self.pictures(in: String($0)) }
        precondition(!pictures.isEmpty, "There are no pictures in \(arguments[0]).")
        if let path = option("--write") {
            write(mutated(pictures, number: first), to: path)
            return
        }
        let state = option("--state").map { open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
        // These include the formats for which an operator has to ask.
        let limits = ImageLimits(formats: Set(ImageFormat.allCases))
        let preprocessor = ImagePreprocessor(recipe: .openAI(imageSize: 64), limits: limits)
        var decoded = 0
        var refusals: [String: Int] = [:]
        for number in first..<(first + count) {
            if let state { pwrite(state, [number], 8, 0) }
            alarm(Self.mostSeconds)
            do {
                _ = try preprocessor.pixels(
                    of: mutated(pictures, number: number),
                    admitting: { $0 <= Self.mostMemory },
                    stop: DecodeStop(after: .seconds(3))
                )
                decoded += 1
            } catch {
                refusals[Self.kind(of: error), default: 0] += 1
            }
        }
        alarm(0)
        let told = refusals.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
        print("    of \(count) pictures \(decoded) are decoded; \(told.joined(separator: "; "))")
    }

    /// The kind of a refusal, without values: what follows a colon, a comma or a number belongs to a single picture.
    private static func kind(of error: ImagingError) -> String {
        let words = "\(error)".prefix { !":;.".contains($0) }.split(separator: " ")
        return words.prefix { !$0.contains { $0.isNumber } }.joined(separator: " ")
    }

    private func option(_ name: String) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        return arguments[index + 1]
    }

    // MARK: Files

    /// The pictures of a folder, by name.
    private static func pictures(in folder: String) -> [(name: String, bytes: [UInt8])] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        let endings = [".jpg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif", ".heic"]
        return names.sorted().filter { name in endings.contains { name.hasSuffix($0) } }
            .compactMap { name in contents(of: folder + "/" + name).map { (name, $0) } }
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, size, 0))
        }
    }

    private func write(_ bytes: [UInt8], to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "\(path) cannot be written.")
        bytes.withUnsafeBytes { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    // MARK: Changes

    private func mutated(_ pictures: [(name: String, bytes: [UInt8])], number: UInt64) -> [UInt8] {
        var random = Seeded(number)
        let picture = pictures[random.below(pictures.count)]
        let ending = picture.name.split(separator: ".").last
        let kin = pictures.filter { $0.name.split(separator: ".").last == ending }
        var mutation = Mutation(picture.bytes, random: random)
        mutation.change(with: kin[random.below(kin.count)].bytes)
        if ending == "png" { mutation.mendChecksums() }
        return mutation.bytes
    }
}
