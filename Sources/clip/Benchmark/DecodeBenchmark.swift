import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import Foundation

/// `clip benchmark decode`: how long images take from their bytes to normalised pixels, and how far fast
/// decoding is from exact.
struct DecodeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Time decoding, resizing and normalising, on one thread; one JSON object a line and file."
    )

    @Argument(help: "Image files.")
    var images: [String]

    @Option(help: "exact or fast; exact by default. CLIP_DECODE.")
    var decode: String?

    @Option(help: "The side of the square that images are brought to; 224 by default.")
    var imageSize = 224

    @Option(help: "How often each file is decoded; 9 by default.")
    var runs = 9

    /// No photograph is larger.
    private static let mostBytes = 64 << 20

    func run() throws {
        var environment = Environment()
        let decoding =
            environment.choice(of: ImageDecoding.self, "CLIP_DECODE", given: ("--decode", decode)) ?? .exact
        if runs < 1 { environment.problems.append("--runs must be at least 1, not \(runs).") }
        if !(1...4096).contains(imageSize) {
            environment.problems.append("--image-size must be from 1 to 4096, not \(imageSize).")
        }
        try environment.requireNoProblems()
        for file in images {
            do throws(CommandFailure) {
                let bytes = try Terminal.contents(of: file, limit: Self.mostBytes)
                let (median, least) = try times(of: bytes, decoding)
                let (mean, largest) = try differences(of: bytes, decoding)
                try Terminal.write(
                    line: "{\"image\":\(JSONText.string(file)),\"decoding\":\"\(decoding.rawValue)\","
                        + "\"runs\":\(runs),"
                        + String(format: "\"median_ms\":%.3f,\"least_ms\":%.3f,", median, least)
                        + String(format: "\"mean_difference\":%.4f,", mean)
                        + "\"largest_difference\":\(largest)}"
                )
            } catch {
                throw CommandFailure(file, error)
            }
        }
    }

    /// The median and the shortest of the runs, in milliseconds.
    private func times(
        of image: [UInt8],
        _ decoding: ImageDecoding
    ) throws(CommandFailure) -> (median: Double, least: Double) {
        let trial = DecodingTrial(imageSize: imageSize, decoding: decoding)
        var times: [Double] = []
        for _ in 0..<runs {
            let start = ContinuousClock.now
            do throws(EmbeddingError) {
                _ = try trial.pixelValues(of: image)
            } catch {
                throw CommandFailure(error)
            }
            times.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        times.sort()
        return (times[times.count / 2], times[0])
    }

    /// The mean and the largest difference between the pixels and exact ones, in steps of a byte (255 in all).
    private func differences(
        of image: [UInt8],
        _ decoding: ImageDecoding
    ) throws(CommandFailure) -> (mean: Double, largest: Int) {
        do throws(EmbeddingError) {
            let found = try DecodingTrial(imageSize: imageSize, decoding: decoding).pixels(of: image)
            let exact = try DecodingTrial(imageSize: imageSize, decoding: .exact).pixels(of: image)
            let differences = zip(found, exact).map { abs(Int($0) - Int($1)) }
            return (Double(differences.reduce(0, +)) / Double(differences.count), differences.max() ?? 0)
        } catch {
            throw CommandFailure(error)
        }
    }
}
