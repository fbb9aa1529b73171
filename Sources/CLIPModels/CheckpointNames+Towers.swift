import CLIPWeights

/// Which towers a checkpoint has, told before anything of it is read: of a tower that is not there every tensor is missing,
/// and the first of them would say little.
extension CheckpointNames {
    /// Refuses weights with other towers than the configuration describes, and a tower that ends before its projection.
    ///
    /// Single tensors that are missing or left over are found as the model is made.
    func requireTowers(of shape: ModelConfiguration, in checkpoint: WeightScope) throws(ModelError) {
        let imageTensors = [patches.kernels.weight, vision.positions]
        let textTensors = [tokenTable, text.positions]
        let hasImages = imageTensors.contains(where: checkpoint.contains)
        let hasTexts = textTensors.contains(where: checkpoint.contains)
        // Where there is neither, it is another kind of model, of which the missing tensors tell more.
        guard hasImages || hasTexts else { return }
        if shape.vision != nil, !hasImages { throw .towerNotStored(.image, tensors: imageTensors) }
        if shape.text != nil, !hasTexts { throw .towerNotStored(.text, tensors: textTensors) }
        if shape.vision == nil, hasImages { throw .towerNotDescribed(.image, tensors: imageTensors) }
        if shape.text == nil, hasTexts { throw .towerNotDescribed(.text, tensors: textTensors) }
        if let projection = projectionOfOnlyTower(of: shape), !checkpoint.contains(projection) {
            throw .projectionNotStored(tensor: projection)
        }
    }

    /// The matrix that the only tower ends in; nil where there are two, or it ends in something else.
    private func projectionOfOnlyTower(of shape: ModelConfiguration) -> String? {
        switch (shape.vision?.architecture, shape.text?.projection) {
        case (nil, .plain): text.projection.weight
        case (.transformer(let transformer), nil) where transformer.projection == .plain:
            vision.projection.weight
        default: nil
        }
    }
}
