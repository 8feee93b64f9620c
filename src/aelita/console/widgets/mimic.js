export default { template: '<div></div>' };
