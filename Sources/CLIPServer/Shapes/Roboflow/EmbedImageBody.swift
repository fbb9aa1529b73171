package import CLIPEngine
internal import CLIPJSON

/// The body of `POST /clip/embed_image`: JSON and, as extensions of our own, a picture by itself or a form with files.
package struct EmbedImageBody: Sendable {
    package let common: CommonFields
    private let images: Images

    private enum Images {
        case declared([ImageDeclaration])
        case sent([ImageSource])
    }

    /// A JSON body.
    ///
    /// - Parameter defaults: what the query has of its fields.
    package init(
        _ fields: inout FieldReader,
        family: ModelFamily = .clip,
        over defaults: CommonFields? = nil
    ) throws(APIError) {
        var common = CommonFields.read(from: &fields, family: family, over: defaults)
        let images = fields.union("image") { value, location, problems -> [ImageDeclaration]? in
            if let list = ImageDeclaration.list(value, at: location, &problems) { return list }
            return ImageDeclaration.read(value, at: location + ["InferenceRequestImage"], &problems).map {
                [$0]
            }
        }
        common.readExtensions(from: &fields)
        guard let images, fields.problems.isEmpty else { throw .invalidFields(fields.problems) }
        self.common = common
        self.images = .declared(images)
    }

    /// A picture as the body, whose other fields stand in the query.
    ///
    /// - Throws: 422 for fields that are not as they should be.
    package init(picture: [UInt8], query: RoboflowQuery) throws(APIError) {
        guard query.problems.isEmpty else { throw .invalidFields(query.problems) }
        common = query.fields
        images = .sent([.encoded(picture)])
    }

    /// A form, whose other fields are those of the JSON body, and come before those of the query.
    ///
    /// - Throws: 422 for a form without pictures, and for fields that are not as they should be.
    package init(_ form: Multipart, query: RoboflowQuery, family: ModelFamily) throws(APIError) {
        var (common, problems) = (query.fields, query.problems)
        let (images, others) = form.divided
        for part in others {
            let value = String(decoding: part.content.prefix(4096), as: UTF8.self)
            common.set(part.name, to: value, family: family, &problems, in: "body")
        }
        if images.isEmpty { problems.add(.missing, at: ["body", "image"]) }
        guard problems.isEmpty else { throw .invalidFields(problems) }
        self.common = common
        self.images = .sent(images)
    }

    /// The images as a JSON body declares them.
    package var declarations: [ImageDeclaration] {
        if case .declared(let images) = images { images } else { [] }
    }

    /// What the engine is to embed, in order.
    ///
    /// - Throws: the 400 of the first image that cannot be.
    package func sources() throws(APIError) -> [ImageSource] {
        switch images {
        case .sent(let images): return images
        case .declared(let images):
            var sources: [ImageSource] = []
            for image in images { sources.append(try image.source()) }
            return sources
        }
    }
}
