import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import Foundation

/// `clip compare`: the texts that fit an image best.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Rank texts by how well they fit an image.",
        discussion: """
            Example:
              clip compare photo.jpg "a raccoon" "a large dog" "고양이"
            """
    )

    @OptionGroup var options: ModelOptions

    @Argument(help: "An image file; '-' is standard input.")
    var image: String

    @Argument(help: "The texts to rank.")
    var texts: [String]

    @Flag(help: "Print one JSON object instead of a ranking.")
    var json = false

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    func run() async throws {
        for text in texts { _ = try Terminal.text(ofArgument: text) }
        var environment = Environment()
        var configuration = options.engineConfiguration(&environment)
        configuration.maxBatch = max(configuration.maxBatch, texts.count)
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try Terminal.contents(of: image, limit: configuration.maxImageBytes)
        } catch {
            throw CommandFailure(image.printable, error)
        }
        let similarities = try await withEngine(configuration, options, environment) { engine in
            try await engine.compare(
                subject: .image(.encoded(bytes)),
                prompts: texts.map(ComparisonItem.text),
                truncating: truncate
            ).similarities
        }
        try Terminal.write(line: json ? object(of: similarities) : ranking(of: similarities))
    }

    private func object(of similarities: [Float]) -> String {
        let pairs = zip(texts, similarities).map { text, similarity in
            "{\"text\":\(JSONText.string(text)),\"similarity\":\(JSONText.number(similarity))}"
        }
        return "{\"image\":\(JSONText.string(image)),\"similarities\":[\(pairs.joined(separator: ","))]}"
    }

    private func ranking(of similarities: [Float]) -> String {
        let ranked = zip(texts, similarities).sorted { $0.1 > $1.1 }
        return ranked.map { text, similarity in String(format: "%8.4f  ", similarity) + text }
            .joined(separator: "\n")
    }
}
