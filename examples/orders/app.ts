import { App } from 'aws-cdk-lib';
import { OrdersFoundation } from './orders-foundation';
import { OrdersPipeline } from './orders-pipeline';

const app = new App();
const foundation = new OrdersFoundation(app, 'OrdersFoundation');
new OrdersPipeline(app, 'OrdersPipeline', { foundation });
