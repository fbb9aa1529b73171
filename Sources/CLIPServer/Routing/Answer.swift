package import CLIPEngine
internal import HTTPTypes

/// What goes back for a request, before it becomes HTTP.
package struct Answer: Sendable {
    package private(set) var status = 200
    package var contentType = "application/json"
    package private(set) var body: [UInt8]
    /// The model that answered, or that would have.
    package var model: String?
    /// What stands before its name in its id, such as `clip`; nil where nothing does.
    package var family: String?
    /// What tells the body from others of its path; a client that has it already is not sent it again.
    var tag: String?
    /// Header fields that belong to this answer alone.
    var fields = HTTPFields()
    /// What the answer cost.
    package var report: RequestReport?
    /// How long loading the model took, if this request caused that; also where it failed afterwards.
    package var loadTime: Duration?
    /// What keeps a long body counted in the engine's budget until it has been read.
    package var room: ByteReservation?
    /// What went wrong.
    package private(set) var error: APIError?
    /// Why it is no success, for the log: whatever has a status for that has a cause.
    package private(set) var cause: String?

    package init(_ body: [UInt8]) {
        self.body = body
    }

    /// The answer that tells of an error.
    package init(_ error: APIError, model: String? = nil, family: String? = nil) {
        status = error.status
        body = error.body
        self.error = error
        self.model = model
        self.family = family
        cause = error.cause
    }

    /// The answer that says no where nobody did anything wrong, as to a probe.
    package init(_ body: [UInt8], refusedWith status: Int, cause: String) {
        self.body = body
        self.status = status
        self.cause = cause
    }

    /// An answer that is a status and nothing else.
    init(status: Int, cause: String? = nil) {
        body = []
        self.status = status
        self.cause = cause
    }

    /// The id of the model, such as `clip/ViT-B-32`.
    package var modelID: String? {
        model.map { model in family.map { "\($0)/\(model)" } ?? model }
    }

    /// The same answer to a client that has bodies of these tags, as its `If-None-Match` fields say: status 304 if this is one
    /// of them.
    func unlessKept(_ fields: [String]) -> Answer {
        guard let tag, status == 200 else { return self }
        let ours: Set<String> = ["*", "\"\(tag)\"", "W/\"\(tag)\""]
        let kept = fields.joined(separator: ",").split(separator: ",").map { part -> String in
            part.filter { $0 != " " && $0 != "\t" }
        }
        guard kept.contains(where: ours.contains) else { return self }
        var answer = self
        answer.status = 304
        return answer
    }

    /// The same answer; an error is told as the API's clients expect it.
    func told(in form: ErrorForm) -> Answer {
        guard let error else { return self }
        var answer = self
        answer.status = form.status(error)
        answer.body = form.body(error)
        return answer
    }
}
