import CLIPEngine
import CLIPServer
import Testing

@Suite("What senders of labels are told")
struct LabelErrorTests {
    /// Every fault of labels, with its status and message.
    private static let cases: [(EmbeddingError, Int, String)] = [
        (.labels(.noLabels), 400, "At least one label is required."),
        (
            .labels(.tooManyLabels(count: 10_001, limit: 10_000)), 400,
            "The maximum number of labels is 10000, and there are 10001. Send fewer, or the others in another request, "
                + "and compare similarities: scores are shares among the labels of one request."
        ),
        (
            .labels(.tooManyPrompts(count: 20, limit: 16)), 400,
            "The labels have 20 prompts in all, and at most 16 are taken. Send fewer labels or templates; the server's "
                + "operator can raise --max-texts."
        ),
        (
            .labels(.blankLabel(index: 1)), 400,
            "Label 2 is empty. Give it a name, or leave it out."
        ),
        (
            .labels(.repeatedLabel(index: 2, first: 0)), 400,
            "Label 3 is the same as label 1. Send each once; blanks around a name and Unicode's normal forms make no difference."
        ),
        (
            .labels(.noPrompts(label: 0)), 400,
            "Label 1 has an empty list of prompts. Send one at least, or the labels as a list of names."
        ),
        (
            .labels(.noTemplates), 400,
            "At least one template is required. Leave `templates` out to use the names alone."
        ),
        (
            .labels(.noPlace(template: 0)), 400,
            "Template 1 has no {} where the label goes. Send it as in 'a photo of a {}.'."
        ),
        (
            .labels(.templateTooLarge(template: 1, count: 70_000, limit: 65_536)), 400,
            "Template 2 has 70000 bytes, and at most 65536 are read. Send it shorter."
        ),
        (
            .labels(.promptTooLarge(label: 2, count: 70_000, limit: 65_536)), 400,
            "Label 3 has a prompt of 70000 bytes, and at most 65536 are read. Send it shorter."
        ),
        (
            .labels(.tooMuchMemory(bytes: 900, limit: 500)), 413,
            "The labels' prompts would take 900 bytes, and this server has 500 for all requests together. Send fewer labels "
                + "or shorter templates; the server's operator can raise --memory-budget."
        ),
        (
            .label(index: 1, .textTangled(index: 5)), 400,
            "Error with model input. Cause: The text is made of too many nested escapes. Send it unescaped."
        ),
    ]

    @Test("Every fault of labels has its status and its message", arguments: cases.indices)
    func faults(index: Int) throws {
        let (error, status, message) = Self.cases[index]
        #expect(APIError.embedding(error, place: nil).status == status)
        #expect(APIError.embedding(error, place: nil).content == .message(message))
        #expect(APIError.embedding(error, place: nil).retryAfter == nil)
    }

    @Test("The prompt of a label is told with the label's place, to its sender and in the log")
    func place() {
        let error = APIError.embedding(
            .label(index: 1, .textTooLong(index: 4, count: 99, limit: 77)),
            place: "label 2 of 3"
        )
        #expect(error.status == 400)
        #expect(error.sentence.hasSuffix("It has 99 tokens, and the model takes 77. (label 2 of 3)"))
        #expect(error.cause.hasPrefix("Label 2 cannot be used. The text has 99 tokens;"))
    }
}
