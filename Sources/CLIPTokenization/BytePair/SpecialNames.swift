/// The names of start-of-text and end-of-text, which become those tokens if somebody types them.
public enum SpecialNames: Equatable, Sendable {
    /// `<|startoftext|>` and `<|endoftext|>`, as in OpenAI's code and Roboflow's server.
    case openAI
    /// `<start_of_text>` and `<end_of_text>`, as in Perception Encoder's own code, and in open_clip 3.3 for every
    /// model.
    case openCLIP

    var startOfText: [UInt32] { self == .openAI ? Self.names[0] : Self.names[2] }
    var endOfText: [UInt32] { self == .openAI ? Self.names[1] : Self.names[3] }

    private static let names = ["<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>"].map {
        $0.unicodeScalars.map(\.value)
    }
}
