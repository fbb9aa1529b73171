import CLIPTestSupport
import Foundation
import Testing

@Suite("Texts with a token that the network has no row for, at the shell", .timeLimit(.minutes(2)))
struct TypedTokenTests {
    private static let picture = Fixture.url("imaging/png-rgb.png").path

    @Test("embed leaves the text out and says why, compare refuses, and both name the token")
    func commands() async throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("clip-typed-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try PieceModel().write(to: directory)
        let words = "has the token '<extra_id_5>', which is none of the 779 that the model's network knows."
        let embedded = try await Command.run(
            "embed",
            "--model",
            directory,
            "--text",
            "a cat",
            "--text",
            "a <extra_id_5>",
            "--text",
            "a dog"
        )
        #expect(embedded.status == 1 && embedded.lines.count == 2, "\(embedded.errors)")
        #expect(embedded.errors.contains("a <extra_id_5>: The text \(words)"), "\(embedded.errors)")
        let compared = try await Command.run(
            "compare",
            "--model",
            directory,
            Self.picture,
            "a cat",
            "a <extra_id_5>"
        )
        #expect(compared.status == 65 && compared.lines.isEmpty)
        #expect(compared.errors.contains("Error: Text 2 \(words)"), "\(compared.errors)")
    }
}
